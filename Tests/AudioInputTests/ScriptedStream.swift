import Glibc

@testable import AudioInput

/// A device that answers by script; at its end it is as if someone had said stop.
final class ScriptedStream: CaptureStream {
  enum Answer {
    case samples([Int16])
    case wait
    case timeout
    case error(Int32)
    /// Time goes by.
    case pass(ms: Int64)
    /// The machine sleeps while the device is waited for.
    case sleep(ms: Int64)
  }

  var resumes: [Int32] = []
  private(set) var prepared = 0
  private(set) var reads = 0
  /// The device's clock, which only waits and the script move on.
  private(set) var time_ms: Int64 = 0
  private var asleep_ms: Int64 = 0
  private var script: [Answer]

  init(_ script: [Answer]) {
    self.script = script
    super.init(pcm: nil, stopDescriptor: nil)
  }

  override func read(into target: UnsafeMutableRawPointer, frames: Int) -> Int {
    reads += 1
    while case .pass(let ms) = script.first {
      time_ms += ms
      script.removeFirst()
    }
    guard let answer = script.first else { return -Int(EAGAIN) }
    switch answer {
    case .pass: return -Int(EAGAIN)
    case .samples(let samples):
      script.removeFirst()
      target.copyMemory(from: samples, byteCount: 2 * samples.count)
      return samples.count
    case .wait, .timeout, .sleep: return -Int(EAGAIN)
    case .error(let code):
      script.removeFirst()
      return -Int(code)
    }
  }

  override func now_ms() -> Int64 { time_ms }

  override func awake_ms() -> Int64 { time_ms - asleep_ms }

  override func stopIsRequested(within_ms: Int32) -> Bool {
    time_ms += Int64(within_ms)
    return false
  }

  override func waitForSamples(within_ms: Int32) -> Outcome {
    guard let answer = script.first else { return .stopped }
    switch answer {
    case .timeout:
      script.removeFirst()
      time_ms += Int64(within_ms)
      return .nothing
    case .wait: script.removeFirst()
    case .sleep(let ms):
      script.removeFirst()
      time_ms += ms
      asleep_ms += ms
    default: break
    }
    return .ready
  }

  override func prepare() -> Int32 {
    prepared += 1
    return 0
  }

  override func resume() -> Int32 { resumes.isEmpty ? 0 : resumes.removeFirst() }
}
