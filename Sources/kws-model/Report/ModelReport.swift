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
