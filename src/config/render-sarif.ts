// Diagnostics → SARIF 2.1.0, as code scanning and editors read it.

import { isAbsolute } from 'node:path'
import { pathToFileURL } from 'node:url'
import { CODES, type Code, type Diagnostic } from '../errors.ts'
import { EXPLANATIONS } from './explain.ts'
import { shownPath, shownText } from './render.ts'

const LEVELS = { error: 'error', warning: 'warning', note: 'note' } as const

export function renderSarif(diagnostics: readonly Diagnostic[], cwd: string, version: string): string {
  const used = [...new Set(diagnostics.map(({ code }) => code))].sort()
  const log = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'claw', version, rules: used.map(ruleOf) } },
        columnKind: 'utf16CodeUnits',
        results: diagnostics.map((problem) => ({
          ruleId: problem.code,
          ruleIndex: used.indexOf(problem.code),
          level: LEVELS[problem.severity],
          message: {
            text: shownText(problem.hint === undefined ? problem.message : `${problem.message} ${problem.hint}`, cwd),
          },
          locations: [{ physicalLocation: location(problem, cwd) }],
          ...(problem.related === undefined
            ? {}
            : {
                relatedLocations: problem.related.map((other, id) => ({
                  id,
                  physicalLocation: location(other, cwd),
                  message: { text: shownText(other.message, cwd) },
                })),
              }),
        })),
      },
    ],
  }
  return `${JSON.stringify(log, null, 2)}\n`
}

/** A code as the catalogue explains it; code scanning shows the help beside each result. */
function ruleOf(code: Code): object {
  const { what, why, fix } = EXPLANATIONS[code]
  return {
    id: code,
    shortDescription: { text: CODES[code].title },
    fullDescription: { text: `${what} ${why}` },
    help: { text: `${fix} More: claw explain ${code}` },
    defaultConfiguration: { level: LEVELS[CODES[code].severity] },
  }
}

function location(at: Pick<Diagnostic, 'file' | 'line' | 'column' | 'endLine' | 'endColumn'>, cwd: string): object {
  return {
    artifactLocation: { uri: uriOf(shownPath(at.file, cwd)) },
    region: { startLine: at.line, startColumn: at.column, endLine: at.endLine, endColumn: Math.max(at.endColumn, 1) },
  }
}

/** A relative path part by part, as `#`, `?` and `:` mean something in a URI; an absolute one as a file's. */
const uriOf = (path: string): string =>
  isAbsolute(path) ? pathToFileURL(path).href : path.split(/[\\/]/).map(encodeURIComponent).join('/')
