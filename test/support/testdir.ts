// A folder for one test.

import type { Test } from 'tap'

/**
 * Makes the test's folder and gives its path. It is removed after all that the test tears down, so that what runs in
 * it is stopped first; tap's own removes it before, where nothing was to be torn down when it was made.
 */
export function testdir(t: Pick<Test, 'teardown' | 'testdir'>, content?: Parameters<Test['testdir']>[0]): string {
  t.teardown(() => {})
  return t.testdir(content)
}
