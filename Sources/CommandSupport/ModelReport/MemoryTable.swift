import KeywordSpotter
import SiLIF

/// What a model costs: bytes of the file, which stay in flash or in a shared map, and bytes of RAM, computed by the same
/// functions that reserve them.
public struct MemoryTable {
  public enum Place: String, Sendable {
    case flash
    case ram
  }

  public struct Row: Sendable {
    public let name: String
    public let place: Place
    public let bytes: Int
  }

  public let rows: [Row]

  public init(_ model: Model) throws(SpotterError) {
    var rows = [Row(name: "model file", place: .flash, bytes: model.bytes.count)]
    if model.frontEnd == nil {
      rows.append(Row(name: "network", place: .ram, bytes: Network.requiredBytes(for: model)))
    } else {
      let plan = try FramePipeline.memoryPlan(for: model)
      rows.append(Row(name: "network", place: .ram, bytes: plan.network))
      rows.append(Row(name: "front end", place: .ram, bytes: plan.extractor))
      rows.append(Row(name: "frame", place: .ram, bytes: plan.frame))
    }
    let settings = DetectorSettings(defaultsOf: model)
    rows.append(Row(name: "detector", place: .ram, bytes: Detector.requiredBytes(for: settings)))
    self.rows = rows
  }

  public func total(_ place: Place) -> Int { rows.reduce(0) { $0 + ($1.place == place ? $1.bytes : 0) } }
}
