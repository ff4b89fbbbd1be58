# Audits every image that a recipe makes. In the image recipe: inherit holdfast-audit
HOLDFAST_POLICY ?= "${TOPDIR}/holdfast.audit.toml"
HOLDFAST_FSTYPE ?= "squashfs"

do_holdfast_audit() {
    holdfast audit --policy "${HOLDFAST_POLICY}" --format json \
        -o "${IMGDEPLOYDIR}/${IMAGE_NAME}.audit.json" \
        "${IMGDEPLOYDIR}/${IMAGE_NAME}${IMAGE_NAME_SUFFIX}.${HOLDFAST_FSTYPE}"
}
addtask holdfast_audit after do_image_complete before do_build
