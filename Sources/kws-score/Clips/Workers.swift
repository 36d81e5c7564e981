import CommandSupport
import Glibc

/// Runs `body` on so many threads (this one among them) and returns when all have ended.
///
/// - Parameter body: given the worker's number, 0..<count.
/// - Returns: the threads that ran: fewer than asked for, but at least one, where the system gave no more.
@discardableResult
func runWorkers(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) -> Int {
  final class Job: Sendable {
    let index: Int
    let body: @Sendable (Int) -> Void
    init(index: Int, body: @escaping @Sendable (Int) -> Void) {
      self.index = index
      self.body = body
    }
  }
  var attributes = pthread_attr_t()
  pthread_attr_init(&attributes)
  defer { pthread_attr_destroy(&attributes) }
  pthread_attr_setstacksize(&attributes, WorkerMemory.stack_bytes)
  var threads: [pthread_t] = []
  for index in 1..<max(count, 1) {
    var thread = pthread_t()
    let job = Unmanaged.passRetained(Job(index: index, body: body))
    let code = pthread_create(
      &thread, &attributes,
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
  return threads.count + 1
}

/// Cores that are running.
var coreCount: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }

/// What a worker takes, and how many there is memory for. Asked before they start: where memory ends in the middle of the
/// work, the process ends.
enum WorkerMemory {
  /// libsndfile's decoders are the deepest.
  static let stack_bytes = 1 << 20
  /// Decoder, blocks of samples, results.
  private static let heap_bytes = 4 << 20

  /// So many of `wanted` workers fit; at least one.
  ///
  /// - Parameter each_bytes: what each works in besides.
  static func affordable(_ wanted: Int, each_bytes: Int) -> Int {
    var limit = rlimit()
    if getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0, limit.rlim_cur != rlim_t.max {
      shareOneHeap()
    }
    var count = wanted
    while count > 1 {
      let bytes = count * (each_bytes + stack_bytes + heap_bytes)
      let probe = mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
      if let probe, probe != MAP_FAILED {
        munmap(probe, bytes)
        return count
      }
      count -= max(1, count / 8)
    }
    return 1
  }
}
