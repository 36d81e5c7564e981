import CommandSupport
import KeywordSpotter
import SiLIF
import SpotterHost

/// The stack that a model takes in this build on this machine, measured: the model's self-test runs, or begins, on a painted stack.
struct StackUse {
  let rows: [MemoryTable.Row]

  /// Enough for spikes to come and go; the time is for the largest networks there may be.
  private static let steps = 500
  private static let limit_ns: UInt64 = 500_000_000

  /// nil where the system gives no thread, or the model cannot be opened.
  init?(_ model: Model) {
    let stepBytes = (try? FramePipeline.requiredBytes(for: model)) ?? 0
    guard stepBytes > 0 else { return nil }
    let memory = AlignedMemory(byteCount: stepBytes)
    let run = Run(model: model, memory: memory)
    guard let open = PaintedStack.use({ run.open() }), let step = PaintedStack.use({ run.step() }) else { return nil }
    rows = [
      .init(name: "to open, measured here", place: .stack, bytes: open),
      .init(name: "to step, measured here", place: .stack, bytes: step),
    ]
  }

  /// Front end and network without the detector, whose step takes less.
  private final class Run: @unchecked Sendable {
    private let model: Model
    private let memory: AlignedMemory
    private var pipeline: FramePipeline?

    init(model: Model, memory: AlignedMemory) {
      self.model = model
      self.memory = memory
    }

    func open() {
      guard let model = try? Model(bytes: model.bytes) else { return }
      pipeline = try? FramePipeline(model: model, memory: memory.bytes)
    }

    /// Samples or frames, all serve as sound. The stack is the same in every step, so a long self-test is not run whole.
    func step() {
      guard var pipeline else { return }
      var rest = model.selfTest.values
      let start_ns = MonotonicClock.now_ns
      for _ in 0..<StackUse.steps where MonotonicClock.now_ns - start_ns < StackUse.limit_ns {
        guard pipeline.frontEnd == nil ? pipeline.accept(frames: &rest) : pipeline.accept(&rest) else { return }
      }
    }
  }
}
