import CommandSupport
import Kernels
import SiLIF
import SpotterHost

/// What a model costs.
struct BenchReport {
  let modelPath: String
  let inputName: String
  let memory: MemoryTable
  let step_us: Int
  let layerSizes: [Int]
  let layerKinds: [NeuronKind]
  let kernels: KernelSet
  /// Steps in a clip of the kind the model was trained on, with those after its end that its rule for clips hears; 0 where they vary.
  let clip_steps: Int
  /// nil for a model without a front end, as `whole`.
  var frontEnd: Timings?
  var network = Timings([], computed_ns: 0)
  /// One for each layer, the readout last.
  var layers: [Timings] = []
  /// Of each layer that is a block its parts, in turn; of the others none.
  var parts: [[(part: BlockPart, timings: Timings)]] = []
  var detector = Timings([], computed_ns: 0)
  var whole: Timings?
  /// Network steps in which every neuron fires; nil where no such step could be made.
  var worstStep: Timings?
  /// The same from audio to keyword; nil also for a model without a front end.
  var worstWhole: Timings?
  var clock_us = 0.0
  /// Steps that were timed.
  let timedSteps: Int
  /// Steps of one pass over the input: what the activity is counted over.
  var steps = 0
  var layerSpikes: [UInt64] = []
  var synapticOperations: UInt64 = 0
  private(set) var resident_kB: Int?
  private(set) var ownMemory_kB: Int?

  init(file: ModelFile, inputName: String, timedSteps: Int, kernels: KernelSet, memory: MemoryTable) {
    modelPath = file.path
    self.inputName = inputName
    self.timedSteps = timedSteps
    self.memory = memory
    self.kernels = kernels
    let (header, rule) = (file.model.header, (try? file.model.clipRule()) ?? .none)
    let hasTail = header.clip_frames > 0 && header.inputKind == .logMel
    clip_steps = header.clip_frames + (hasTail ? rule.tail_frames : 0)
    step_us = file.model.header.step_us
    layerKinds = (0..<file.model.header.layerCount).map { file.model.layer($0).kind }
    layerSizes = (0..<file.model.header.layerCount - 1).map { file.model.layer($0).outputs }
  }

  mutating func readProcessMemory() {
    resident_kB = ProcessMemory.kB("VmRSS")
    ownMemory_kB = ProcessMemory.kB("RssAnon")
  }

  static var isDebugBuild: Bool {
    #if DEBUG
      true
    #else
      false
    #endif
  }

  /// Seconds of input.
  private var duration_s: Double { Double(steps) * Double(step_us) * 1e-6 }
  var spikes_per_s: Double { Double(layerSpikes.reduce(0, +)) / duration_s }
  var synapticOperations_per_s: Double { Double(synapticOperations) / duration_s }
  /// nil where clips have no length of their own.
  var spikes_per_clip: Double? { perClip(layerSpikes.reduce(0, +)) }
  var synapticOperations_per_clip: Double? { perClip(synapticOperations) }
  private func perClip(_ total: UInt64) -> Double? {
    clip_steps > 0 ? Double(total) / Double(steps) * Double(clip_steps) : nil
  }
  /// All stages' mean time for a step.
  var mean_us: Double { whole?.mean_us ?? ((network.mean_us ?? 0) + (detector.mean_us ?? 0)) }
  /// Time to compute a second of input, in seconds.
  var realTimeFactor: Double { mean_us / Double(step_us) }
  var firingRates: [Double] {
    layerSizes.indices.map { Double(layerSpikes[$0]) / Double(steps) / Double(layerSizes[$0]) }
  }

  var stages: [(name: String, timings: Timings?)] {
    [
      ("front_end", frontEnd), ("network", network), ("detector", detector), ("whole", whole),
      ("worst_network_step", worstStep), ("worst_whole", worstWhole),
    ]
  }

  /// What a part of a block is called in this layer, in JSON and as text.
  func name(of part: BlockPart, inLayer index: Int) -> (key: String, text: String) {
    let samples = layerKinds[index].samples
    return switch part {
    case .take: samples ? ("sampling_in", "sampling, in") : ("normalisation", "normalisation")
    case .turn: ("state_space", "state space")
    case .fire: samples ? ("sampling_out", "sampling, out") : ("thresholds", "thresholds")
    case .mix: ("mixing", "mixing")
    }
  }
}
