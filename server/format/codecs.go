package format

// codecs are all formats, in the order in which a person is shown them.
var codecs = []codec{
	{
		Format: Format{
			Name: "coco", Title: "COCO (JSON)", Extension: ".zip",
			Holds: Holds{Boxes: true, Rotated: true, Polygons: true, Pixels: true, Blocks: true, Names: true, Normal: true, Times: true, Truth: true, Identical: true},
			Note:  "Boxes, polygons and masks for most programs; read back here, the labels are the same.",
		},
		write: newCOCO, read: readCOCO,
	},
	{
		Format: Format{
			Name: "mvtec", Title: "MVTec AD (folders)", Extension: ".zip",
			Holds: Holds{Pixels: true, Normal: true, Truth: true},
			Note:  "Folders train, test and ground_truth, for programs that detect anomalies; boxes and blocks are filled in the masks.",
		},
		write: newMVTec, read: readMVTec,
	},
	{
		Format: Format{
			Name: "mask", Title: "Masks (PNG)", Extension: ".zip",
			Holds: Holds{Pixels: true, Normal: true},
			Note:  "A black and white picture for each picture; boxes and blocks are filled.",
		},
		write: newMask, read: readMask,
	},
	{
		Format: Format{
			Name: "yolo", Title: "YOLO (boxes)", Extension: ".zip",
			Holds: Holds{Boxes: true, Names: true, Normal: true},
			Note:  "Upright boxes; everything else becomes its bounding box.",
		},
		write: newYOLO(yoloDetect), read: readYOLO(yoloDetect),
	},
	{
		Format: Format{
			Name: "yolo-obb", Title: "YOLO (rotated boxes)", Extension: ".zip",
			Holds: Holds{Boxes: true, Rotated: true, Names: true, Normal: true},
			Note:  "Upright and rotated boxes by their corners; everything else becomes the smallest box around it.",
		},
		write: newYOLO(yoloOBB), read: readYOLO(yoloOBB),
	},
	{
		Format: Format{
			Name: "yolo-seg", Title: "YOLO (polygons)", Extension: ".zip",
			Holds: Holds{Polygons: true, Names: true, Normal: true},
			Note:  "Polygons; boxes become their corners, marked pixels and blocks their outlines.",
		},
		write: newYOLO(yoloSegment), read: readYOLO(yoloSegment),
	},
	{
		Format: Format{
			Name: "voc", Title: "Pascal VOC (XML)", Extension: ".zip",
			Holds: Holds{Names: true, Normal: true},
			Note:  "Upright boxes in whole pixels; everything else becomes its bounding box.",
		},
		write: newVOC, read: readVOC,
	},
	{
		Format: Format{
			Name: "labelme", Title: "labelme (JSON)", Extension: ".zip",
			Holds: Holds{Boxes: true, Rotated: true, Polygons: true, Pixels: true, Blocks: true, Names: true, Normal: true, Times: true, Truth: true, Identical: true},
			Note:  "A JSON file beside each picture, to go on in labelme; read back here, the labels are the same.",
		},
		write: newLabelme, read: readLabelme,
	},
	{
		Format: Format{
			Name: "csv", Title: "CSV (a row for each shape)", Extension: ".zip",
			Holds: Holds{Boxes: true, Rotated: true, Polygons: true, Pixels: true, Blocks: true, Names: true, Normal: true, Times: true, Truth: true, Identical: true},
			Note:  "For spreadsheets and scripts; read back here, the labels are the same.",
		},
		write: newCSV, read: readCSV,
	},
}
