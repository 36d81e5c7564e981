/// Copies samples, front to back: source and target may overlap if the target comes first. (Neither `update(from:count:)` nor
/// memmove is known to the compiler to be free of allocation.)
@_noAllocation @_noLocks
@inline(__always)
func copySamples(_ source: UnsafePointer<Int16>, to target: UnsafeMutablePointer<Int16>, count: Int) {
  for at in 0..<count { target[at] = source[at] }
}
