/** Windows that follow each other: by place in the body, or by the way gone since they were tied when the bodies lay differently. */
import { metaData } from '@cornerstonejs/core';
import { along, distance, nearestAlong, nearestTo, parallel, planeFrom } from './space.js';

export const planeOfImage = (imageId) => planeFrom(metaData.get('imagePlaneModule', imageId));

/** Planes of what a window shows, in its order; read once for each stack. */
export function planesOf(pane) {
  if (pane.planesFor !== pane.ids) Object.assign(pane, { planesFor: pane.ids, planes: pane.ids.map(planeOfImage) });
  return pane.planes;
}
export const planeNow = (pane) => (pane.enabled && pane.ids.length && pane.hasPlace ? planesOf(pane)[pane.index] ?? null : null);

export class Links {
  constructor(app) { Object.assign(this, { app, on: false, anchors: new Map() }); }

  /** Ties the windows as they stand now. */
  tie() {
    this.on = true;
    this.anchors = new Map(this.app.panes.filter((pane) => pane.ids.length).map((pane) => [pane, { ids: pane.ids, index: pane.index, plane: planeNow(pane) }]));
  }

  toggle() { if (this.on) this.on = false; else this.tie(); return this.on; }

  /** Brings the other windows to where `leader` went. */
  follow(leader) {
    if (!this.on || this.app.mpr) return;
    const anchor = this.anchor(leader);
    for (const pane of this.app.panes) {
      if (pane === leader || !pane.ids.length) continue;
      const index = this.target(leader, anchor, pane, this.anchor(pane));
      if (index >= 0 && index !== pane.index) pane.goTo(index);
    }
  }

  /** A window with another stack than when it was tied is tied anew where it stands. */
  anchor(pane) {
    const known = this.anchors.get(pane);
    if (known?.ids === pane.ids) return known;
    const fresh = { ids: pane.ids, index: pane.index, plane: planeNow(pane) };
    this.anchors.set(pane, fresh);
    return fresh;
  }

  target(leader, from, pane, to) {
    const [here, there] = [planeNow(leader), planeNow(pane)];
    if (here && there && parallel(here, there)) {
      const planes = planesOf(pane);
      if (here.frame === there.frame) return nearestAlong(planes, here.normal, along(here));
      const moved = along(here) - along(from.plane ?? here, here.normal);
      return nearestAlong(planes, here.normal, along(to.plane ?? there, here.normal) + moved);
    }
    if (here && there) return -1;                                          // other directions: reference lines tell, scrolling would not
    return Math.min(pane.ids.length - 1, Math.max(0, to.index + leader.index - from.index));
  }

  /** Shows a point of `pane` in every other window of the same body space. Answers how many could. */
  locate(pane, point) {
    const here = planeNow(pane);
    let shown = 0;
    for (const other of this.app.panes) {
      const there = other === pane ? null : planeNow(other);
      if (!here || there?.frame !== here.frame) continue;
      const planes = planesOf(other);
      const index = nearestTo(planes, point);
      if (index < 0 || Math.abs(distance(planes[index], point)) > 25) continue;
      shown += 1;
      if (index !== other.index) other.goTo(index);
    }
    return shown;
  }
}
