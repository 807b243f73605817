//! Systems that refuse: full and read-only disks, file systems without locks, limits, overlays, containers.

mod disks;
mod elsewhere;
mod limits;
mod locks;
mod overlays;
mod refused;
