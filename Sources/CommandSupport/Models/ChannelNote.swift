import AudioInput

/// What to say of channels that cancel each other, or of which most are silent, so that their mean is no good; nil of others.
package func channelNote(_ balance: ChannelBalance) -> String? {
  guard balance.isLossy else { return nil }
  let channels = balance.channels
  let finding =
    balance.mixPower < 1
    ? "the \(channels) channels cancel each other out, and their mean is silence"
    : "the mean of the \(channels) channels is \(decimalText(balance.loss_dB, decimals: 1)) dB weaker than channel "
      + "\(balance.loudest) alone: they cancel each other, or most are silent"
  return "\(finding); choose one, --channel 0 to --channel \(channels - 1)"
}
