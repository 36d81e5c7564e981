import CommandSupport
import FileNames
import Glibc

/// A model's Ed25519 signature, `MODEL.sig` beside it, checked by OpenSSL.
enum Signature {
  /// Not looked up: whoever sets the environment must not choose who verifies.
  private static let openssl = "/usr/bin/openssl"

  /// - Parameters:
  ///   - bytes: the model as it was loaded. The file may be another by now.
  ///   - path: the model's.
  ///   - key: a public key, PEM.
  /// - Throws: Failure where the signature is missing, is of other bytes or of another key, or cannot be checked.
  static func check(_ bytes: UnsafeRawBufferPointer, path: String, key: String) throws(Failure) {
    let signature = "\(path).sig"
    for file in [signature, key] where withFileName(file, { access($0, R_OK) }) != 0 {
      throw Failure(fileMessage(errno, file))
    }
    // A file without a name, which the child inherits.
    guard let file = tmpfile() else { throw Failure("cannot copy the model: \(systemMessage(errno))") }
    defer { fclose(file) }
    let copy = fileno(file)
    var rest = bytes
    while !rest.isEmpty {
      let count = write(copy, rest.baseAddress, rest.count)
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw Failure("cannot copy the model: \(systemMessage(errno))") }
      rest = UnsafeRawBufferPointer(rebasing: rest[count...])
    }
    let status = try run([
      openssl, "pkeyutl", "-verify", "-pubin", "-inkey", key, "-rawin", "-in", "/proc/self/fd/\(copy)", "-sigfile",
      signature,
    ])
    guard status == 0 else {
      throw Failure("\(path): the signature \(signature) does not belong to this model and the key \(key)")
    }
  }

  /// The exit status, 128 + signal where a signal ended it. What it prints is dropped.
  private static func run(_ arguments: [String]) throws(Failure) -> Int {
    let child: pid_t
    do {
      // OpenSSL reads its configuration, and with it code to load, where the environment says.
      child = try startProcess(
        arguments, environment: [],
        files: [
          ChildFile(STDIN_FILENO, "/dev/null", O_RDONLY), ChildFile(STDOUT_FILENO, "/dev/null", O_WRONLY),
          ChildFile(STDERR_FILENO, "/dev/null", O_WRONLY),
        ])
    } catch {
      throw Failure("\(arguments[0]) is needed to check signatures and cannot be run: \(systemMessage(error.code))")
    }
    var status: Int32 = 0
    while waitpid(child, &status, 0) < 0 && errno == EINTR {}
    return exitStatus(status)
  }
}
