// The bundle of three is used by one module alone, without types.
export const AmbientLight: any, AxesHelper: any, Box3: any, BufferAttribute: any, BufferGeometry: any, Color: any, DirectionalLight: any;
export const DoubleSide: any, GridHelper: any, Group: any, HemisphereLight: any, LineBasicMaterial: any, LineSegments: any, Mesh: any;
export const MeshStandardMaterial: any, PerspectiveCamera: any, Points: any, PointsMaterial: any, Raycaster: any, Scene: any, Sphere: any;
export const Spherical: any, TextureLoader: any, Vector2: any, Vector3: any, WebGLRenderer: any;
export const OrbitControls: any, GLTFLoader: any, OBJLoader: any, STLLoader: any;
