import CALSA

/// Without alsa-lib's conversions if possible, and else (an exotic format, planes) with those of sample format and layout.
func openCapture(
  _ device: String, _ preferences: CapturePreferences
) throws(AudioError) -> (OpaquePointer, CaptureFormat, SampleLayout) {
  let plain = Int32(SND_PCM_NONBLOCK)
  let native =
    plain | Int32(SND_PCM_NO_AUTO_RESAMPLE) | Int32(SND_PCM_NO_AUTO_CHANNELS) | Int32(SND_PCM_NO_AUTO_FORMAT)
  let messages = ALSAMessages()
  var abilities = ""
  for mode in [native, plain] {
    var opened: OpaquePointer?
    let code = snd_pcm_open(&opened, device, SND_PCM_STREAM_CAPTURE, mode)
    guard code == 0, let pcm = opened else { throw .opening(device, code: code, message: messages.first) }
    do throws(AudioError) {
      let negotiation = try CaptureNegotiation(pcm: pcm, device: device, preferences: preferences)
      if let (format, layout) = try negotiation.settle() {
        try setWakeUp(pcm, device, format)
        return (pcm, format, layout)
      }
      abilities = negotiation.abilities()
    } catch {
      snd_pcm_close(pcm)
      throw error
    }
    snd_pcm_close(pcm)
  }
  let plug = device.hasPrefix("hw:") ? "; try plug\(device), which converts" : ""
  throw AudioError(.unsupported, device, "offers no format that can be read here: it has \(abilities)\(plug)")
}

/// A read starts the stream, and every period wakes the reader.
private func setWakeUp(_ pcm: OpaquePointer, _ device: String, _ format: CaptureFormat) throws(AudioError) {
  var parameters: OpaquePointer?
  guard snd_pcm_sw_params_malloc(&parameters) == 0 else { throw AudioError(.io, device, "no memory for its settings") }
  defer { snd_pcm_sw_params_free(parameters) }
  var code = snd_pcm_sw_params_current(pcm, parameters)
  if code >= 0 { code = snd_pcm_sw_params_set_start_threshold(pcm, parameters, 1) }
  if code >= 0 { code = snd_pcm_sw_params_set_avail_min(pcm, parameters, snd_pcm_uframes_t(format.period_frames)) }
  if code >= 0 { code = snd_pcm_sw_params(pcm, parameters) }
  if code < 0 { throw AudioError(.io, device, "refuses its wake-up settings: \(AudioError.text(code))") }
}
