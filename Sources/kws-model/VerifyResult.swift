import CommandSupport
import KeywordSpotter
import SiLIF
import SpotterHost

/// What a model's self-test gave.
struct VerifyResult {
  let name: String
  let passed: Bool
  /// What is wrong, for standard error.
  let message: String?
  private let steps: Int
  private let digest: UInt64?

  /// Loads the model and runs its self-test.
  ///
  /// - Parameters:
  ///   - key: a public key, where the model must be signed.
  ///   - notice: given a sentence where the self-test takes long.
  init(_ name: String, key: String? = nil, notice: (String) -> Void) {
    var name = name
    var message: String?
    var steps = 0
    var digest: UInt64?
    do throws(Failure) {
      let file = try ModelLocation.load(name)
      name = file.path
      if let key { try Signature.check(file.model.bytes, path: name, key: key) }
      let test = file.model.selfTest
      let found: (digest: UInt64, step_count: Int)
      // The model's tables go with the file.
      defer { withExtendedLifetime(file) {} }
      var pace = Pace(steps: test.step_count)
      do {
        found = try file.model.runSelfTest { done in
          if let rest_s = pace.rest_s(after: done) {
            notice(
              "\(file.path): a self-test of \(test.step_count) steps; about \(decimalText(rest_s, decimals: 0)) s to go"
            )
          }
        }
      } catch { throw Failure(spotterMessage(error, path: name)) }
      (digest, steps) = found
      if found.step_count > test.step_count {
        message = "\(name): the self-test makes more than its \(test.step_count) steps; export the model again"
      } else if found.step_count != test.step_count {
        message = "\(name): the self-test made \(found.step_count) steps instead of \(test.step_count)"
      } else if found.digest != test.digest {
        message =
          "\(name): the self-test's digest is \(SelfTest.digestText(found.digest)) instead of "
          + "\(SelfTest.digestText(test.digest)): this build computes something else than the exporter; please report it"
      }
    } catch { message = error.message }
    (self.name, self.message, self.steps, self.digest) = (name, message, steps, digest)
    passed = message == nil
  }

  var text: String { passed ? "pass  \(visible(name))  (\(steps) steps)\n" : "fail  \(visible(name))\n" }

  var json: JSONValue {
    .object([
      ("model", .string(name)),
      ("passed", .bool(passed)),
      ("steps", .integer(steps)),
      ("digest", digest.map { .string(SelfTest.digestText($0)) } ?? .null),
      ("error", message.map { .string($0) } ?? .null),
    ])
  }
}
