import Glibc

/// What went wrong with a source, in words for the person who has to put it right.
public struct AudioError: Error, CustomStringConvertible, Equatable, Sendable {
  /// What a caller may want to tell apart.
  public enum Kind: Equatable, Sendable {
    /// No such file or folder.
    case notFound
    /// The file or device exists, but not for this user.
    case permissionDenied
    /// Another program holds the device.
    case deviceBusy
    /// No such device, or it was unplugged.
    case noSuchDevice
    /// The file is a folder, or no sound file.
    case notASound
    /// The file has no bytes, or no samples.
    case empty
    /// The file holds fewer samples than it declares, or is damaged part of the way through.
    case truncated
    /// A rate, channel count or sample format that is not served.
    case unsupported
    /// Anything else that the system reported.
    case io
  }

  /// Which of these it is.
  public let kind: Kind
  /// The file or device.
  public let subject: String
  /// What is wrong and what to do, without the subject.
  public let message: String
  /// Whether a device stands still: it reports nothing and gives nothing.
  let isStill: Bool

  /// - Parameters:
  ///   - kind: what went wrong.
  ///   - subject: the file or device.
  ///   - message: what is wrong and what to do, one sentence without the subject.
  public init(_ kind: Kind, _ subject: String, _ message: String) {
    self.init(kind, subject, message, isStill: false)
  }

  init(_ kind: Kind, _ subject: String, _ message: String, isStill: Bool) {
    self.isStill = isStill
    self.kind = kind
    self.subject = subject
    self.message = message
  }

  /// Subject and message: a line for the user.
  public var description: String { "\(subject): \(message)" }
}

extension AudioError {
  /// A failed system call on a file.
  static func system(_ code: Int32, _ path: String) -> AudioError {
    switch code {
    case ENOENT, ENOTDIR: AudioError(.notFound, path, "no such file; check the path")
    case EACCES, EPERM:
      AudioError(.permissionDenied, path, "permission denied; this user may not read it (see `ls -l`, `chmod`)")
    case EISDIR: .folder(path)
    default: AudioError(.io, path, String(cString: strerror(code)))
    }
  }

  static func text(_ path: String) -> AudioError {
    AudioError(
      .notASound, path,
      "looks like text; give a sound file, or raw samples (S16_LE, 16 kHz, mono); `kws-listen --raw` takes it for such")
  }

  static func foreign(_ format: ForeignFormat, _ path: String) -> AudioError {
    AudioError(format.isSound ? .unsupported : .notASound, path, format.message)
  }

  /// Bytes behind the end of a sound; nil: some.
  static func unread(_ count: Int64?, _ path: String) -> AudioError {
    AudioError(
      .unsupported, path,
      "\(count.map { "\($0) " } ?? "")bytes after its end were not read: they begin as no sound that is known; "
        + "give them as a file of their own, or leave them out: ffmpeg -i INPUT OUTPUT.wav")
  }

  static func folder(_ path: String) -> AudioError {
    AudioError(.notASound, path, "is a folder; give a sound file")
  }
}
