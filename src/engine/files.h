/* SPDX-License-Identifier: MIT */
/* Which files of a rules directory count, and what they are known by: for whoever watches one. */
#ifndef RP_ENGINE_FILES_H
#define RP_ENGINE_FILES_H

#include "engine/load.h"

#include <stdbool.h>

/* Copies and scratch files of editors: no file or folder of this name is looked at. */
bool rp_files_ignored(const char *name);
/* A rule file, list or template, by its path relative to the directory. */
bool rp_files_wanted(struct rp_str path);
/* A rule file by intention that another ending keeps from being read: mine.lua.txt, mine.LUA. It is
 * wanted too, so that `check` can tell of it. */
bool rp_files_misnamed(struct rp_str path);
/* The hash that rules loaded from these files carry. */
void rp_files_hash(const struct rp_files *files, char ret_hash[65]);

#endif
