"""The claims room: what people say about open and closed AI, each as an experiment that can be run again.

`schema` is what stands in a claim's file, `loading` reads and checks it, `worlds` makes its scenarios. `running`
runs every world once over draws and seeds, `effects` pairs the runs, `verdicts` gives the answers by a fixed rule,
`turning` finds the parameter on which an answer turns, `page` writes it all down.
"""
