import CALSA
import Glibc

/// The device by its card's own name, which it keeps when it is plugged in again and gets another number: `hw:1,0` becomes
/// `hw:CARD=Mic,DEV=0`. Names without a card's number stay as they are.
func stableName(of device: String) -> String { stableName(of: device, cardName: cardIdentifier) }

/// - Parameter cardName: a card's own name by its number; nil where there is no such card.
func stableName(of device: String, cardName: (Int32) -> String?) -> String {
  let parts = device.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
  let plugins = ["hw", "plughw", "dsnoop", "sysdefault", "front"]
  guard parts.count == 2, plugins.contains(String(parts[0])) else { return device }
  var arguments = parts[1].split(separator: ",", omittingEmptySubsequences: false).map(String.init)
  let number = arguments[0].hasPrefix("CARD=") ? String(arguments[0].dropFirst(5)) : arguments[0]
  guard let card = Int32(number), card >= 0, let name = cardName(card) else { return device }
  arguments[0] = "CARD=\(name)"
  for (at, key) in [(1, "DEV"), (2, "SUBDEV")] where at < arguments.count && Int(arguments[at]) != nil {
    arguments[at] = "\(key)=\(arguments[at])"
  }
  return "\(parts[0]):\(arguments.joined(separator: ","))"
}

private func cardIdentifier(_ card: Int32) -> String? {
  let messages = ALSAMessages()
  let name = askedIdentifier(card)
  _ = consume messages  // not needed: only kept from being printed
  return name
}

private func askedIdentifier(_ card: Int32) -> String? {
  var opened: OpaquePointer?
  guard snd_ctl_open(&opened, "hw:\(card)", 0) == 0, let control = opened else { return nil }
  defer { snd_ctl_close(control) }
  var allocated: OpaquePointer?
  guard snd_ctl_card_info_malloc(&allocated) == 0, let info = allocated else { return nil }
  defer { snd_ctl_card_info_free(info) }
  guard snd_ctl_card_info(control, info) == 0 else { return nil }
  return String(cString: snd_ctl_card_info_get_id(info))
}
