/* SPDX-License-Identifier: MIT */
#ifndef RIPEN_VERSION_H
#define RIPEN_VERSION_H

#define RIPEN_VERSION_MAJOR 0
#define RIPEN_VERSION_MINOR 1
#define RIPEN_VERSION_PATCH 0
#define RIPEN_VERSION       "0.1.0"

#endif
