import KeywordSpotter
import SiLIF

/// What `silif_open` reserves, so that commands can say it without the C interface in them.
///
/// Twins: Sources/SiLIFC/Engine.swift
package enum CInterface {
  /// Bytes of the engine's record in this build on this machine, beside pipeline and detector: a multiple of 64.
  package static var recordBytes: Int {
    (MemoryLayout<(Model, KeywordSpotter, UnsafeMutableRawBufferPointer)>.size + 63) / 64 * 64
  }
}
