import KeywordSpotter
import SiLIF

/// What a model costs: bytes of the file, which stay in flash or in a shared map, and bytes of RAM, computed by the same
/// functions that reserve them.
package struct MemoryTable {
  package enum Place: String, Sendable {
    case flash
    case ram
    case stack
  }

  package struct Row: Sendable {
    package let name: String
    package let place: Place
    package let bytes: Int

    package init(name: String, place: Place, bytes: Int) {
      self.name = name
      self.place = place
      self.bytes = bytes
    }
  }

  package let rows: [Row]

  package init(_ model: Model) throws(SpotterError) {
    rows = MemoryTable.flash(model) + (try MemoryTable.ram(model))
  }

  private static func flash(_ model: Model) -> [Row] {
    let weights = (0..<model.header.layerCount).reduce(0) { $0 + model.layer($1).weightBytes }
    let selfTest = model.selfTest.values.count * MemoryLayout<Int16>.stride
    let frontEnd = model.frontEnd?.count ?? 0
    return [
      Row(name: "weights", place: .flash, bytes: weights),
      Row(name: "coefficients, words", place: .flash, bytes: model.bytes.count - weights - selfTest - frontEnd),
      Row(name: "front end tables", place: .flash, bytes: frontEnd),
      Row(name: "self-test", place: .flash, bytes: selfTest),
    ]
  }

  private static func ram(_ model: Model) throws(SpotterError) -> [Row] {
    let plan = try FramePipeline.memoryPlan(for: model)
    var rows = [
      Row(name: "network states", place: .ram, bytes: plan.network - plan.rings),
      Row(name: "delay rings", place: .ram, bytes: plan.rings),
      // 0 where the front end's buffers serve the network.
      Row(name: "network scratch", place: .ram, bytes: plan.scratch),
    ]
    if model.frontEnd != nil { rows.append(Row(name: "front end", place: .ram, bytes: plan.extractor)) }
    rows.append(Row(name: "detector", place: .ram, bytes: Detector.requiredBytes(for: model)))
    return rows
  }

  package func total(_ place: Place) -> Int { rows.reduce(0) { $0 + ($1.place == place ? $1.bytes : 0) } }
}
