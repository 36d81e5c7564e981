/// A pipe whose ends no child process inherits: one in another test's child would keep its reader waiting for an end that
/// comes only when that child ends.
package func privatePipe() -> (reading: Int32, writing: Int32) {
  var ends: [Int32] = [0, 0]
  precondition(pipe2(&ends, 0o2_000_000) == 0, "no pipe")  // O_CLOEXEC
  return (ends[0], ends[1])
}

/// Of unistd.h, where Swift's Glibc leaves it out. Two calls would leave a moment in which a child is started.
@_silgen_name("pipe2") private func pipe2(_ ends: UnsafeMutablePointer<Int32>, _ flags: Int32) -> Int32
