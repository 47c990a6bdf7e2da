// The part of a file's script that draws scenes: it is there if one of the report's cells holds one.
import { sceneNode, stillNode } from "./model3d.js";
import { parts } from "./report_parts.js";

parts.scenes = { sceneNode, stillNode };
