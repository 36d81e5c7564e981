import Glibc

/// Runs `body` on so many threads (this one among them) and returns when all have ended.
///
/// - Parameter body: given the worker's number, 0..<count.
func runWorkers(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
  final class Job: Sendable {
    let index: Int
    let body: @Sendable (Int) -> Void
    init(index: Int, body: @escaping @Sendable (Int) -> Void) {
      self.index = index
      self.body = body
    }
  }
  var threads: [pthread_t] = []
  for index in 1..<max(count, 1) {
    var thread = pthread_t()
    let job = Unmanaged.passRetained(Job(index: index, body: body))
    let code = pthread_create(
      &thread, nil,
      { argument in
        let job = Unmanaged<Job>.fromOpaque(argument!).takeRetainedValue()
        job.body(job.index)
        return nil
      }, job.toOpaque())
    // Fewer threads do the same work.
    if code == 0 { threads.append(thread) } else { job.release() }
  }
  body(0)
  for thread in threads { pthread_join(thread, nil) }
}

/// Cores that are running.
var coreCount: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }
