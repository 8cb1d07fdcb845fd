/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* Boost.Compute (Debian's libboost-dev) on partage: its algorithms against the
 * C++ library's. C++, as the library is. */
#define CL_TARGET_OPENCL_VERSION 120
#include <algorithm>
#include <boost/compute/algorithm/inclusive_scan.hpp>
#include <boost/compute/algorithm/reduce.hpp>
#include <boost/compute/algorithm/sort.hpp>
#include <boost/compute/algorithm/transform.hpp>
#include <boost/compute/algorithm/unique.hpp>
#include <boost/compute/container/vector.hpp>
#include <boost/compute/lambda.hpp>
#include <boost/compute/system.hpp>
#include <cstdio>
#include <cstdlib>
#include <numeric>
#include <random>

namespace compute = boost::compute;

static compute::command_queue queue;
static int failures;

static void
expect_equal(const char *what, const compute::vector<int> &card,
             const std::vector<int> &host)
{
   std::vector<int> copy(card.size());
   compute::copy(card.begin(), card.end(), copy.begin(), queue);
   std::printf("%s: %s\n", what, copy == host ? "ok" : "WRONG");
   failures += copy != host;
}

int
main()
{
   const char *text = std::getenv("TEST_SEED");
   unsigned seed = text ? std::strtoul(text, nullptr, 0) : 1;
   std::printf("TEST_SEED=%u\n", seed);
   std::mt19937 random(seed);
   compute::context context(compute::system::default_device());
   queue = compute::command_queue(context, context.get_device());

   std::vector<int> host(20000);
   for (int &x : host)
      x = random() % 10000;
   compute::vector<int> card(host.begin(), host.end(), queue);

   using compute::lambda::_1;
   compute::transform(card.begin(), card.end(), card.begin(), _1 * 3 - 7,
                      queue);
   std::transform(host.begin(), host.end(), host.begin(),
                  [](int x) { return x * 3 - 7; });
   expect_equal("transform", card, host);

   compute::sort(card.begin(), card.end(), queue);
   std::sort(host.begin(), host.end());
   expect_equal("sort", card, host);

   card.erase(compute::unique(card.begin(), card.end(), queue), card.end());
   host.erase(std::unique(host.begin(), host.end()), host.end());
   expect_equal("unique", card, host);

   int sum = 0;
   compute::reduce(card.begin(), card.end(), &sum, compute::plus<int>(), queue);
   bool same = sum == std::accumulate(host.begin(), host.end(), 0);
   std::printf("reduce: %s\n", same ? "ok" : "WRONG");
   failures += !same;

   compute::inclusive_scan(card.begin(), card.end(), card.begin(), queue);
   std::partial_sum(host.begin(), host.end(), host.begin());
   expect_equal("scan", card, host);
   return failures ? 1 : 0;
}
