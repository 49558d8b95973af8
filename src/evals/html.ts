// A report in, one page out that needs nothing else: no script, no font, no address.

import type { Compared } from './compare.ts'
import type { EvalReport, EvalResult } from './run.ts'
import { percentile } from './statistics.ts'

const html = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')

const STYLE = `body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem;color-scheme:light dark}
table{border-collapse:collapse;width:100%}td,th{padding:.3rem .6rem;text-align:left;border-bottom:1px solid #8884;vertical-align:top}
pre{white-space:pre-wrap;margin:.3rem 0}summary{cursor:pointer}.ok{color:#18794e}.bad{color:#cd2b31}.pair{display:grid;grid-template-columns:1fr 1fr;gap:1rem}`

const money = (value: number): string => value.toFixed(4)

function rowOf(result: EvalResult): string {
  const { name, ok, runs, passes, skipped, interval, file, line } = result
  const share = runs.length < 2 ? '' : ` (${Math.round(interval.low * 100)}–${Math.round(interval.high * 100)} %)`
  const state =
    skipped === undefined ? (ok ? '<b class="ok">passed</b>' : '<b class="bad">failed</b>') : `skipped: ${html(skipped)}`
  const cost = runs.reduce((sum, { spent }) => sum + spent.cost, 0)
  const latency = percentile(
    runs.map(({ spent }) => spent.ms),
    0.5,
  )
  const details = runs.map(
    (run, index) =>
      `<details><summary>run ${index + 1}: ${run.ok ? 'passed' : html(run.failures.join('; '))}</summary><pre>${html(run.reply)}</pre>${
        run.toolCalls.length > 0 ? `<p>tools: ${html(run.toolCalls.join(', '))}</p>` : ''
      }${run.verdict === undefined ? '' : `<p>judge: ${html(run.verdict.why)}</p>`}</details>`,
  )
  return `<tr><td>${html(name)}<br><small>${html(file)}:${line}</small>${details.join('')}</td><td>${state}</td><td>${passes}/${runs.length}${share}</td><td>${money(cost)}</td><td>${Math.round(latency)} ms</td></tr>`
}

function pairOf({ name, changed, before, after }: Compared): string {
  const side = (title: string, { agentId, toolCalls, reply, tokens, cost }: Compared['before']): string =>
    `<div><b>${title}</b> ${html(agentId ?? 'nobody')} · ${html(toolCalls.join(', ') || 'no tools')} · ${tokens} tokens · ${money(cost)}<pre>${html(reply)}</pre></div>`
  return `<h3>${html(name)}: ${changed.join(', ') || 'the same'}</h3><div class="pair">${side('before', before)}${side('after', after)}</div>`
}

export function evalPage(report: EvalReport, compared: readonly Compared[] | undefined): string {
  const { passed, failed, skipped, cost, judgeCost, stopped, results } = report
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Evals: ${passed} passed, ${failed} failed</title><style>${STYLE}</style></head><body>
<h1>${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}</h1>
<p>Cost ${money(cost)}, judging ${money(judgeCost)}.${stopped === undefined ? '' : ` Stopped: ${html(stopped)}.`}</p>
<table><thead><tr><th>Case</th><th></th><th>Passed</th><th>Cost</th><th>Time</th></tr></thead><tbody>
${results.map(rowOf).join('\n')}
</tbody></table>
${compared === undefined ? '' : `<h2>Against the other configuration</h2>${compared.map(pairOf).join('\n')}`}
</body></html>
`
}
