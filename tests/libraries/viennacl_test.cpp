/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: The partage authors */
/* ViennaCL (Debian's libviennacl-dev) on partage: the kernels that it generates
 * for matrices, dense and sparse, and for vectors. C++, as the library is. */
#define CL_TARGET_OPENCL_VERSION 120
#define VIENNACL_WITH_OPENCL
#include <cmath>
#include <cstdio>
#include <map>
#include <vector>
#include <viennacl/compressed_matrix.hpp>
#include <viennacl/linalg/cg.hpp>
#include <viennacl/linalg/inner_prod.hpp>
#include <viennacl/linalg/norm_2.hpp>
#include <viennacl/linalg/prod.hpp>
#include <viennacl/matrix.hpp>
#include <viennacl/vector.hpp>

/* -x'' + 2x = 1 by conjugate gradients, in doubles. */
static bool
solves_sparse_system()
{
   const unsigned n = 500;
   std::vector<std::map<unsigned, double>> rows(n);
   for (unsigned i = 0; i < n; i++) {
      rows[i][i] = 4;
      if (i > 0)
         rows[i][i - 1] = -1;
      if (i + 1 < n)
         rows[i][i + 1] = -1;
   }
   viennacl::compressed_matrix<double> a;
   viennacl::copy(rows, a);
   viennacl::vector<double> b = viennacl::scalar_vector<double>(n, 1.0);
   viennacl::vector<double> x =
      viennacl::linalg::solve(a, b, viennacl::linalg::cg_tag(1e-12, 200));
   viennacl::vector<double> rest = viennacl::linalg::prod(a, x);
   rest -= b;
   /* and once more on the CPU: x in the middle is 1/2 */
   std::vector<double> host(n);
   viennacl::copy(x, host);
   return viennacl::linalg::norm_2(rest) < 1e-9 &&
          std::fabs(host[n / 2] - 0.5) < 1e-9;
}

/* Small integers: floats are exact. */
static bool
multiplies_matrices()
{
   const unsigned n = 67, k = 130;
   std::vector<std::vector<float>> ha(n, std::vector<float>(k));
   std::vector<std::vector<float>> hb(k, std::vector<float>(n));
   std::vector<std::vector<float>> hc(n, std::vector<float>(n));
   for (unsigned i = 0; i < n; i++)
      for (unsigned j = 0; j < k; j++) {
         ha[i][j] = (i * 7 + j * 3) % 11;
         hb[j][i] = (i * 5 + j) % 13;
      }
   viennacl::matrix<float> a(n, k), b(k, n), c(n, n);
   viennacl::copy(ha, a);
   viennacl::copy(hb, b);
   c = viennacl::linalg::prod(a, b);
   viennacl::copy(c, hc);
   for (unsigned i = 0; i < n; i++)
      for (unsigned j = 0; j < n; j++) {
         float sum = 0;
         for (unsigned l = 0; l < k; l++)
            sum += ha[i][l] * hb[l][j];
         if (sum != hc[i][j])
            return false;
      }
   return true;
}

int
main()
{
   bool sparse = solves_sparse_system(), dense = multiplies_matrices();
   std::printf("sparse system: %s\nmatrix product: %s\n",
               sparse ? "ok" : "WRONG", dense ? "ok" : "WRONG");
   return sparse && dense ? 0 : 1;
}
