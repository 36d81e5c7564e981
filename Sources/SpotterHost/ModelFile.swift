import Glibc
import SiLIF

/// Why a model file could not be loaded.
public enum ModelFileError: Error {
  /// The system's errno for opening or mapping the file.
  case system(errno: Int32)
  /// What is wrong with its content.
  case invalid(ModelError)
}

/// A model file in a read-only memory map: weights are used in place and shared between processes.
public final class ModelFile: @unchecked Sendable {
  /// As it was given.
  public let path: String
  /// Points into the map: whatever is made from it must not outlive this object.
  public let model: Model
  private let mapped: UnsafeMutableRawPointer
  private let byteCount: Int

  /// Maps a file and checks all of it but the self-test, which `Model.runSelfTest()` runs.
  ///
  /// - Throws: ModelFileError: the system's error, or what is wrong with which field.
  public init(path: String) throws(ModelFileError) {
    self.path = path
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .system(errno: errno) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw .system(errno: errno) }
    guard status.st_mode & S_IFMT != S_IFDIR else { throw .system(errno: EISDIR) }
    byteCount = Int(status.st_size)
    guard byteCount > 0 else { throw .invalid(ModelFile.emptyFile) }
    guard let map = mmap(nil, byteCount, PROT_READ, MAP_PRIVATE, descriptor, 0), map != MAP_FAILED else {
      throw .system(errno: errno)
    }
    mapped = map
    do {
      model = try Model(bytes: UnsafeRawBufferPointer(start: map, count: byteCount))
    } catch {
      munmap(map, byteCount)
      throw .invalid(error)
    }
  }

  deinit { munmap(mapped, byteCount) }

  private static var emptyFile: ModelError {
    do {
      _ = try Model(bytes: UnsafeRawBufferPointer(start: nil, count: 0))
      fatalError("an empty file is no model")
    } catch { return error }
  }
}

extension WordList {
  /// The words in the readout's order. Bytes that are no UTF-8 become replacement characters.
  public var strings: [String] { (0..<count).map { String(decoding: self[$0], as: UTF8.self) } }
}
