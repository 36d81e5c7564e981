import Glibc
import KeywordSpotter
import LogMel
import SiLIF
import SpotterHost

/// One sentence: the file, what is wrong with which field, and what to do.
package func modelFileMessage(_ error: ModelFileError, path: String) -> String {
  switch error {
  case .system(let code) where code == ENOENT || code == ENOTDIR: "\(path): no such model file; check the path"
  case .system(let code) where code == EACCES:
    "\(path): permission denied; this user may not read it (see `ls -l`, `chmod`)"
  case .system(let code) where code == EISDIR: "\(path): is a folder; give a .silif model file"
  case .system(let code): "\(path): cannot be read: \(systemMessage(code))"
  case .notAFile: "\(path): is a pipe or a device; give a .silif model file"
  case .tooLarge(let count):
    "\(path): has \(count) bytes, more than any model (\(Model.maximumBytes)); give a .silif model file"
  case .invalid(let error): "\(path): \(modelMessage(error))"
  }
}

/// What is wrong with a model file's content, without the file's name.
func modelMessage(_ error: ModelError) -> String {
  let place = "\(error.field)" + (error.layer < 0 ? "" : " of layer \(error.layer)")
  let remedy =
    switch error.problem {
    case .truncated: "\(place): the file ends too early; copy or export it again"
    case .notAModel: "not a .silif model file; export one with `make convert`"
    case .unsupportedVersion:
      "format version \(error.value) is not one that this program reads; export the model again with the tools of this version"
    case .damaged: "checksum (\(place)) does not match: the file is damaged; copy or export it again"
    // Of these the value says where, not what (docs/MODEL-FORMAT.md).
    case .outOfRange where "\(error.field)" == "clip_rule":
      "clip_rule: 32-bit word \(error.value) of section CLIP is outside what is allowed; export the model again"
    case .inconsistent where "\(error.field)" == "tag":
      "tag: entry \(error.value) of the section table, counted from 0, is there a second time; export the model again"
    case .outOfRange: "\(place): \(error.value) is outside what is allowed; export the model again"
    case .inconsistent: "\(place): \(error.value) contradicts the rest of the file; export the model again"
    case .missing: "section \(place) is missing; export the model again"
    }
  return remedy
}

/// Why a valid model cannot do what is asked of it, with the file's name.
package func spotterMessage(_ error: SpotterError, path: String) -> String {
  switch error {
  case .frontEnd(let error): "\(path): front end: \(frontEndMessage(error)); export the model again"
  case .frontEndMismatch(let field, let frontEnd, let network):
    "\(path): \(field): the front end has \(frontEnd), the network \(network); export the model again"
  }
}

private func frontEndMessage(_ error: LogMelSettingsError) -> String {
  switch error.reason {
  case .length: "\(error.field): the section has the wrong length (\(error.value))"
  case .alignment: "\(error.field): the section is not aligned (\(error.value))"
  case .outOfRange: "\(error.field): \(error.value) is outside what is allowed"
  case .inconsistent: "\(error.field): \(error.value) contradicts the rest of the section"
  }
}
