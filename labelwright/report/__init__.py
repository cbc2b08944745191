"""The report: one HTML file about a campaign, for somebody who was not there.

It works offline, without JavaScript, in light and dark, on paper and on a phone. It reads nothing
and writes nothing: values in, text out. In reading order: `shown` (items as people see them),
`written` (settings as the task file writes them), `view` (what each section shows), `page`
(`render_report`), `templates/` (the page, its sections, its style).
"""
