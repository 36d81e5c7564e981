import CommandSupport
import Glibc
import Kernels
import SiLIF
import SpotterHost

/// What one SiLIF layer of as many inputs as neurons costs a step, by its width and by how many of its inputs fire.
struct CostTable {
  struct Row {
    let width: Int
    let firing: Double
    let layer: Timings
    /// Weight rows of the inputs that fired, coefficients and states: what a step cannot do without.
    let touched_bytes: Int
    /// To read so many bytes at the speed at which this machine reads the layer's weights from end to end.
    let floor_us: Double
  }

  let kernels: KernelSet
  private(set) var rows: [Row] = []

  static func measured(kernels: KernelSet, steps: Int) -> CostTable {
    var table = CostTable(kernels: kernels)
    for width in [64, 128, 256, 512, 1024, 2048] {
      guard let synthetic = try? SyntheticModel(width: width) else { continue }
      let speed_bytes_per_us = readingSpeed(bytes: synthetic.model.layer(1).weightBytes)
      for firing in [0, 0.02, 0.05, 0.1, 0.2, 0.5, 1] {
        let fired = Int((Double(width) * firing).rounded())
        // Coefficients 30 bytes a neuron, states 12, the spike 1.
        let touched = fired * width + 43 * width
        table.rows.append(
          Row(
            width: width, firing: firing,
            layer: time(synthetic, width, fired, kernels, max(50, min(steps, 200_000_000 / (width * width)))),
            touched_bytes: touched, floor_us: Double(touched) / speed_bytes_per_us))
      }
    }
    return table
  }

  /// The second layer's steps, with other inputs firing in each of 16 steps.
  private static func time(
    _ synthetic: SyntheticModel, _ width: Int, _ fired: Int, _ kernels: KernelSet, _ steps: Int
  ) -> Timings {
    let memory = AlignedMemory(byteCount: Network.requiredBytes(for: synthetic.model))
    let network = Network(model: synthetic.model, memory: memory.bytes, kernels: kernels)
    network.reset()
    var random = SyntheticModel.Random()
    let frames = (0..<16).flatMap { _ in
      (0..<width).map { Int16($0 < fired ? 1 : 0) }.shuffled(using: &random)
    }
    var timer = StepTimer(steps: steps)
    frames.withUnsafeBufferPointer { values in
      for step in 0..<steps {
        network.accept(values.baseAddress! + step % 16 * width)
        network.stepLayer(0)
        timer.time { network.stepLayer(1) }
      }
    }
    withExtendedLifetime((memory, synthetic)) {}
    return timer.timingsWithoutMean
  }

  /// Bytes read in a microsecond from a block of this size, again and again, by the C library's search for a byte that
  /// is not there. The best of several runs.
  private static func readingSpeed(bytes: Int) -> Double {
    let block = [UInt8](repeating: 1, count: bytes)
    let rounds = max(1, 2_000_000 / bytes)
    var best_us = Double.infinity
    block.withUnsafeBytes { block in
      for _ in 0..<20 {
        let start_ns = MonotonicClock.now_ns
        for _ in 0..<rounds {
          guard memchr(block.baseAddress!, 0, bytes) == nil else { return }
        }
        best_us = min(best_us, Double(MonotonicClock.now_ns - start_ns) / 1000)
      }
    }
    return Double(bytes * rounds) / best_us
  }

  var json: JSONValue {
    .object([
      ("kernels", .string(kernels.name)),
      (
        "rows",
        .array(
          rows.map { row in
            .object([
              ("width", .integer(row.width)),
              ("firing", .decimal(row.firing, decimals: 2)),
              ("median_us", .decimal(row.layer.median_us, decimals: 3)),
              ("touched_bytes", .integer(row.touched_bytes)),
              ("floor_us", .decimal(row.floor_us, decimals: 3)),
            ])
          })
      ),
    ])
  }

  var text: String {
    var table = TextTable()
    table.add(["neurons", "inputs firing", "µs a step", "ns a neuron", "kB touched", "µs to read them"])
    for row in rows {
      table.add([
        "\(row.width)", decimalText(100 * row.firing, decimals: 0) + " %",
        decimalText(row.layer.median_us, decimals: 3),
        decimalText(1000 * row.layer.median_us / Double(row.width), decimals: 2),
        decimalText(Double(row.touched_bytes) / 1000, decimals: 1), decimalText(row.floor_us, decimals: 3),
      ])
    }
    return "One SiLIF layer, as many inputs as neurons, 8-bit weights, \(kernels.name); medians, each with the "
      + "clock's \(decimalText(StepTimer.clock_us, decimals: 3)) µs.\n\n" + table.text
  }
}
