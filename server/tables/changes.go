package tables

import "semirest/server/train"

// none is the supervision of the row without a classifier: the plain distance.
const none train.Supervision = "none"

// change is a row: what is changed about a supervision's settings.
type change struct {
	supervision train.Supervision
	name        string
	change      func(*train.Settings)
	noPCF       bool // features without the position code: a bank of its own
}

func (c change) String() string { return string(c.supervision) + "/" + c.name }

// changes are the rows of the paper's Table 7.
var changes = []change{
	{supervision: none, name: "distance"},
	{supervision: train.Un, name: "full"},
	{supervision: train.Un, name: "no PCF", noPCF: true},
	{supervision: train.Un, name: "no bagging", change: func(s *train.Settings) { s.Bagging = 0 }},
	{supervision: train.Un, name: "no K-NN augmentation", change: func(s *train.Settings) { s.KNN = false }},
	{supervision: train.Un, name: "no dropout", change: func(s *train.Settings) { s.Dropout = 0 }},
	{supervision: train.Un, name: "abs", change: func(s *train.Settings) { s.Residual = train.Abs }},
	{supervision: train.Un, name: "ViT", change: func(s *train.Settings) { s.Classifier = train.ViT }},
	{supervision: train.Un, name: "U-Net", change: func(s *train.Settings) { s.Classifier = train.UNet }},
	{supervision: train.Un, name: "MLP", change: func(s *train.Settings) { s.Classifier = train.MLP }},
	{supervision: train.Un, name: "16-pixel blocks", change: func(s *train.Settings) { s.Block = 16 }},
	{supervision: train.Sup, name: "square", change: func(s *train.Settings) { s.Residual = train.Square }},
	{supervision: train.Sup, name: "abs", change: func(s *train.Settings) { s.Residual = train.Abs }},
	{supervision: train.Sup, name: "no K-NN augmentation", change: func(s *train.Settings) { s.KNN = false }},
	{supervision: train.Sup, name: "no dropout", change: func(s *train.Settings) { s.Dropout = 0 }},
	{supervision: train.Semi, name: "full"},
	{supervision: train.Semi, name: "no MixMatch", change: func(s *train.Settings) { s.MixMatch = false }},
	{supervision: train.Semi, name: "no K-NN augmentation", change: func(s *train.Settings) { s.KNN = false }},
	{supervision: train.Semi, name: "no dropout", change: func(s *train.Settings) { s.Dropout = 0 }},
	{supervision: train.Semi, name: "abs", change: func(s *train.Settings) { s.Residual = train.Abs }},
}
