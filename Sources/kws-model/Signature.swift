import CommandSupport
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
    for file in [signature, key] where access(file, R_OK) != 0 { throw Failure(fileMessage(errno, file)) }
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
  private static func run(_ arguments: [String]) throws(Failure) -> Int32 {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    for (descriptor, flags) in [(STDIN_FILENO, O_RDONLY), (STDOUT_FILENO, O_WRONLY), (STDERR_FILENO, O_WRONLY)] {
      posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", flags, 0)
    }
    let pointers = arguments.map { strdup($0) } + [nil]
    defer { for pointer in pointers { free(pointer) } }
    // OpenSSL reads its configuration, and with it code to load, where the environment says.
    let environment: [UnsafeMutablePointer<CChar>?] = [nil]
    var child = pid_t()
    let code = posix_spawn(&child, arguments[0], &actions, nil, pointers, environment)
    guard code == 0 else {
      throw Failure("\(arguments[0]) is needed to check signatures and cannot be run: \(systemMessage(code))")
    }
    var status: Int32 = 0
    while waitpid(child, &status, 0) < 0 && errno == EINTR {}
    return status & 0x7F == 0 ? status >> 8 & 0xFF : 128 + status & 0x7F
  }
}
