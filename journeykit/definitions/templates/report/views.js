// Drawings that a reader can point at: what stands in data-told is said below the drawing, and what belongs to it lights up.
for (const figure of document.querySelectorAll("figure.views")) {
  const told = figure.querySelector(".told");
  const hint = told.textContent;
  const show = (mark) => {
    const svg = mark ? mark.ownerSVGElement : null;
    for (const other of figure.querySelectorAll("svg")) other.classList.toggle("lit", other === svg);
    for (const lit of figure.querySelectorAll(".on")) lit.classList.remove("on");
    told.textContent = mark ? mark.dataset.told : hint;
    if (!mark) return;
    mark.classList.add("on");
    const node = mark.dataset.node;
    for (const band of svg.querySelectorAll("[data-start]")) {
      if (node && (band.dataset.start === node || band.dataset.to === node)) band.classList.add("on");
    }
  };
  const stage = figure.querySelector(".stage");
  stage.addEventListener("pointerover", (event) => show(event.target.closest("[data-told]")));
  stage.addEventListener("click", (event) => show(event.target.closest("[data-told]")));
  stage.addEventListener("pointerleave", () => show(null));
  for (const svg of figure.querySelectorAll("svg")) {
    const nodes = [...svg.querySelectorAll("[data-node]")];
    let at = -1;
    svg.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      if (event.key === "Escape") { at = -1; show(null); }
      if (!step || !nodes.length) return;
      at = at < 0 ? (step > 0 ? 0 : nodes.length - 1) : (at + step + nodes.length) % nodes.length;
      show(nodes[at]);
      event.preventDefault();
    });
    svg.addEventListener("blur", () => show(null));
  }
}
