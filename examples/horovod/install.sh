#!/bin/sh
# Compiles Horovod for the PyTorch of a Python and for the Open MPI whose mpicc is on the PATH, and installs it beside that
# PyTorch: Horovod has no binary packages. Takes two minutes on two cores.
#
#   sh install.sh PYTHON      such as venv/bin/python
#
# Needed besides: cmake, a C++ compiler, and the headers of Python, of Open MPI, and of PyTorch, which has its own where it came
# from the package index. On Debian 12 all of it is in
# python3-torch libtorch-dev pybind11-dev python3-dev openmpi-bin libopenmpi-dev cmake g++
set -eu
python=$1
version=0.28.1
pip() { "$python" -m pip --quiet --disable-pip-version-check --no-input "$@"; }

"$python" -c "import torch" # else there is nothing to compile it for
pip install setuptools wheel packaging cffi cloudpickle psutil pyyaml
source=$(mktemp -d)
trap 'rm -rf "$source"' EXIT
pip download --no-deps --no-build-isolation --no-binary :all: --dest "$source" "horovod==$version"
tar -xzf "$source/horovod-$version.tar.gz" -C "$source"
# Its last release asks for C++14; the headers of PyTorch are C++17 since 2.1.
if "$python" -c "import sys, torch; sys.exit(tuple(map(int, torch.__version__.split('.')[:2])) < (2, 1))"; then
	find "$source" -name CMakeLists.txt -exec sed -i 's/CMAKE_CXX_STANDARD 14/CMAKE_CXX_STANDARD 17/' {} +
fi
HOROVOD_WITH_PYTORCH=1 HOROVOD_WITH_MPI=1 HOROVOD_WITHOUT_GLOO=1 HOROVOD_WITHOUT_TENSORFLOW=1 HOROVOD_WITHOUT_MXNET=1 \
	MAKEFLAGS="${MAKEFLAGS:--j$(nproc)}" pip install --no-build-isolation --no-deps "$source/horovod-$version"
"$python" -c "import horovod.torch as hvd; assert hvd.mpi_built()"
