#!/bin/sh
# Networks built, trained and exported by snnTorch, Norse, sinabs, spikingjelly and rockpool, converted and compared with
# the libraries' own runs. An environment of its own, .venv-libraries (1.6 GB); SILIF_PYTHON: the one with silif-tools.
set -eu
cd "$(dirname "$0")/../.."
environment=.venv-libraries
networks=build/libraries
python=${SILIF_PYTHON:-.venv/bin/python}

if [ ! -e "$environment/installed" ]; then
  python3 -m venv "$environment"
  pip="$environment/bin/pip install --quiet --disable-pip-version-check"
  # samna, the chip backend of sinabs and rockpool, fetches itself from elsewhere when it is imported: it stays out.
  # sinabs wants NIR 1.0.4, snnTorch writes what only later ones know: both are there, in folders of their own.
  $pip 'torch==2.13.*' torchvision numpy scipy h5py matplotlib pbr loguru packaging requests SciencePlots tensorboard tqdm
  $pip --no-deps 'snntorch==1.0.0' 'norse==1.1.0' 'sinabs==3.1.3' 'spikingjelly==2.0.0' 'rockpool==3.1.0' 'torchaudio'
  $pip --no-deps 'nir==1.0.8' 'nirtorch==2.6'
  $pip --no-deps --target "$environment/nir-1.0.4" 'nir==1.0.4' 'nirtorch==2.0.2'
  touch "$environment/installed"
fi

rm -rf "$networks"
mkdir -p "$networks"
# What fails here is in its case.json, and fails below.
"$environment/bin/python" tools/libraries/networks.py "$networks" || true
PYTHONPATH="$environment/nir-1.0.4" "$environment/bin/python" tools/libraries/networks.py "$networks" --old-nir || true
SILIF_LIBRARIES="$PWD/$networks" "$python" -m pytest -q -p no:cacheprovider tools/libraries/test_libraries.py
