"""From results to things to look at.

Nothing here judges or runs anything, and nothing here knows pytest. Texts come from `words` and
`trace_text` alone, so that terminal, Allure and JSON say the same. Reading order:

- `model`: what a run brought, as every writer takes it
- `words`: findings as text: four lines, field differences, octets with the differing ones marked
- `step_words`: the steps of a case as text
- `trace_text`, `timeline`, `pcapng`: a case's trace as text, as steps, as a capture file
- `compliance`: `compliance.json`, from which all else can be made (docs/report.md)
- `terminal`: the tables and explanations at the end of a run, and its progress line
- `allure_results`, `allure_files`: what allure-pytest does not know of a case and of a run
- `html`: the page that Allure 3 makes of it (`python -m harness.report.html TARGET`)
"""
