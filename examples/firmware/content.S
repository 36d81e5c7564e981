/* The model and the recording, in flash: MODEL and SAMPLES name the files. */
  .section .rodata.model, "a"
  .balign 16
  .global model_start, model_end
model_start:
  .incbin MODEL
model_end:

  .section .rodata.samples, "a"
  .balign 2
  .global samples_start, samples_end
samples_start:
  .incbin SAMPLES
samples_end:
