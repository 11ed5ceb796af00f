"""Reports: what was asked, the answer in three sentences, figures, tables and limits, as HTML, PDF or a picture."""
