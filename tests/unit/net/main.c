/* SPDX-License-Identifier: MIT */
#include "unit/net/net_tests.h"

int main(void)
{
    return test_pure() + test_guard() + test_server() != 0;
}
