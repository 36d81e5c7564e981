import Glibc

/// The system's words for an errno, in lower case as in the middle of a sentence.
public func systemMessage(_ code: Int32) -> String {
  let text = String(cString: strerror(code))
  return text.prefix(1).lowercased() + text.dropFirst()
}
