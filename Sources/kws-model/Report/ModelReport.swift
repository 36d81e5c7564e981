import CommandSupport
import KeywordSpotter
import LogMel
import SiLIF
import SpotterHost

/// What `kws-model info` says about a model.
struct ModelReport {
  let file: ModelFile
  let memory: MemoryTable
  /// nil where the system gave no thread to measure on.
  let stack: StackUse?
  let frontEnd: LogMelSettings?

  var model: Model { file.model }
  var layers: [LayerHeader] { (0..<model.header.layerCount).map(model.layer) }

  /// Whether the last layer is one that fires, instead of a readout.
  var lastFires: Bool { layers.last?.kind.fires ?? false }

  /// Random numbers that a step of the network draws.
  var drawsPerStep: Int {
    let widths = layers.filter(\.kind.samples).map(\.outputs)
    // Each of these layers samples twice.
    return switch model.sampling?.sampler {
    case .draws?: 2 * widths.reduce(0, +)
    case .shared?: 2 * widths.count
    case .feedback?, nil: 0
    }
  }

  /// - Throws: Failure where the front end contradicts the network.
  init(_ file: ModelFile) throws(Failure) {
    self.file = file
    do {
      memory = try MemoryTable(file.model)
      stack = StackUse(file.model)
      frontEnd = try FramePipeline.frontEndSettings(of: file.model)
    } catch {
      throw Failure(spotterMessage(error, path: file.path))
    }
  }
}
