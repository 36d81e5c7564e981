import FileNames
import Glibc
import SiLIF

/// Why a model file could not be loaded.
public enum ModelFileError: Error {
  /// The system's errno for opening or reading the file.
  case system(errno: Int32)
  /// A pipe, a device or a socket: it might never end.
  case notAFile
  /// More bytes than any model has.
  case tooLarge(byteCount: Int)
  /// What is wrong with its content.
  case invalid(ModelError)
}

/// A model file, read into memory: whoever changes the file later changes nothing here.
public final class ModelFile: Sendable {
  /// As it was given.
  public let path: String
  /// Points into memory of this object: whatever is made from it must not outlive it.
  public nonisolated(unsafe) let model: Model
  private let memory: AlignedMemory

  /// Reads a file and checks all of it but the front end, which `FramePipeline` does, and the self-test, which
  /// `Model.runSelfTest()` runs.
  ///
  /// - Throws: ModelFileError: the system's error, or what is wrong with which field.
  public convenience init(path: String) throws(ModelFileError) {
    let memory = try ModelFile.read(path)
    let model: Model
    do {
      model = try Model(bytes: UnsafeRawBufferPointer(memory.bytes))
      _ = try model.clipRule()
    } catch {
      throw .invalid(error)
    }
    self.init(path: path, memory: memory, model: model)
  }

  private init(path: String, memory: AlignedMemory, model: Model) {
    self.path = path
    self.memory = memory
    self.model = model
  }

  /// The same model, in the same memory, with another seed for what its layers draw.
  public func drawing(seed: UInt64) -> ModelFile {
    ModelFile(path: path, memory: memory, model: model.drawing(seed: seed))
  }

  private static func read(_ path: String) throws(ModelFileError) -> AlignedMemory {
    // Without O_NONBLOCK, opening a pipe waits for whoever fills it, and opening a terminal's line for its carrier.
    let descriptor = withFileName(path) { open($0, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY) }
    guard descriptor >= 0 else { throw .system(errno: errno) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw .system(errno: errno) }
    guard status.st_mode & S_IFMT != S_IFDIR else { throw .system(errno: EISDIR) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw .notAFile }
    let byteCount = Int(status.st_size)
    guard byteCount <= Model.maximumBytes else { throw .tooLarge(byteCount: byteCount) }
    let memory = AlignedMemory(byteCount: byteCount)
    var done = 0
    while done < byteCount {
      let count = Glibc.read(descriptor, memory.bytes.baseAddress! + done, byteCount - done)
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw .system(errno: errno) }
      // Cut short meanwhile: the zeros that stand in for the rest do not pass the checksum.
      if count == 0 { break }
      done += count
    }
    return memory
  }
}

extension WordList {
  /// The words in the readout's order. Bytes that are no UTF-8 become replacement characters.
  public var strings: [String] { (0..<count).map { String(decoding: self[$0], as: UTF8.self) } }
}
