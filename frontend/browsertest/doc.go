// Package browsertest holds tests of the page in a real Chromium: what only a
// browser can show, from a file dropped on the page to the pixels of its heat
// map. They serve the built page (make build) by server/web with a scorer that
// the test can look into, and drive the browser by chromedp.
//
// Without a Chromium the tests are skipped, except where CI=true. Chromium is
// looked for where it is usually installed, or taken from CHROMIUM.
//
// SEMIREST_SHOTS=DIR writes screenshots of every state; SEMIREST_BENCH=1 runs
// the measurements that make bench prints.
package browsertest
