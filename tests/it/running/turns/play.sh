#!/bin/sh
# Plays an agent: the script that PLAY holds.
say() { printf '%s\n' "$1"; }
eval "$PLAY"
