import AudioInput
import CommandSupport
import FileNames
import Glibc

/// Where the sound comes from.
enum Origin {
  case device(String, CaptureSettings, CapturePolicy)
  case input(String, SoundSettings, RawFormat?)

  /// Live sound does not wait for anybody.
  var isLive: Bool {
    switch self {
    case .device: true
    case .input: false
    }
  }

  /// Sound that comes as it is made has a time of day; a recording has its own.
  var hasTimeOfDay: Bool {
    switch self {
    case .device: return true
    case .input(let path, _, _):
      var status = stat()
      guard (path == "-" ? fstat(STDIN_FILENO, &status) : withFileName(path) { stat($0, &status) }) == 0 else {
        return false
      }
      return status.st_mode & S_IFMT != S_IFREG
    }
  }

  /// The source, and how the notice at the start calls it.
  func open(stop: StopRequest) throws(Failure) -> (source: any AudioSource, name: String) {
    do {
      switch self {
      case .device(let device, let settings, let policy):
        let capture = try LastingCapture(
          device: device, stopDescriptor: stop.descriptor, settings: settings, policy: policy)
        let name = capture.device == device ? device : "\(device), which is \(capture.device)"
        // Where it is waited for, its error says why.
        let state = capture.format?.description ?? capture.whyAbsent?.message ?? ""
        return (capture, "\(name) (\(state))")
      case .input(let path, let settings, let rawFormat):
        let source = try openInput(
          path: path, settings: settings, rawFormat: rawFormat, stopDescriptor: stop.descriptor)
        return (source, path == "-" ? "standard input" : path)
      }
    } catch {
      throw Failure(error.description)
    }
  }
}
