/// Owns one zeroed block of memory, aligned to 64 bytes: what the pipelines run in.
public final class AlignedMemory: @unchecked Sendable {
  public let bytes: UnsafeMutableRawBufferPointer

  public init(byteCount: Int) {
    bytes = .allocate(byteCount: max(byteCount, 64), alignment: 64)
    bytes.initializeMemory(as: UInt8.self, repeating: 0)
  }

  deinit { bytes.deallocate() }
}
