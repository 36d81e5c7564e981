import LogMel
import SiLIF

/// Why a valid model file cannot drive the requested pipeline.
public enum SpotterError: Error {
  /// The front end's settings are not ones that this build can run.
  case frontEnd(LogMelSettingsError)
  /// The front end makes frames of another size or unit than the network takes.
  case frontEndMismatch(field: StaticString, frontEnd: Int, network: Int)
}
