#!/bin/sh
# Buildroot calls this with the folder of images; a gate that says no stops the build.
# SPDX-License-Identifier: Apache-2.0
set -eu
images=$1
exec holdfast audit --policy "${HOLDFAST_POLICY:-holdfast.audit.toml}" --format json \
	-o "$images/audit.json" "$images/rootfs.squashfs"
