// What the curves use of the bundle, for the checker of types.
declare const uPlot: any;
export default uPlot;
