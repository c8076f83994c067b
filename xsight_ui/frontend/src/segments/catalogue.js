// What every editor needs to know: fields by scope, values to choose from, saved segments, problems and counts by place.
import { createContext } from "react";

export const Catalogue = createContext(null);
