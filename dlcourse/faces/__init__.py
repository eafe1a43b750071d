"""Faces: a network that learns a distance, and what can be done with it.

    encodings = faces.encode_faces(datasets.photo("astronaut")).encodings
    model.compile("adam", faces.TripletLoss(mining="semi_hard"))
    model.fit(faces.IdentityBatches(images, identities, people=16, pictures=4))
    curve = faces.verification_curve(*faces.pairs(encoder.predict(others), their_identities))

`encode_faces` goes from a photograph to all faces in it, and `FaceDatabase` keeps whom it has met. The losses, the
batches and `SiameseSimilarity` train an encoder of your own, such as `dlcourse.models.siamese_encoder`.
"""

from dlcourse.faces.batches import IdentityBatches
from dlcourse.faces.database import FaceDatabase
from dlcourse.faces.distances import pairwise_distances
from dlcourse.faces.pipeline import Faces, align, encode_face, encode_faces
from dlcourse.faces.similarity import SiameseSimilarity
from dlcourse.faces.triplets import ActiveTriplets, TripletLoss, triplet_loss
from dlcourse.faces.verification import (
    VerificationAccuracy,
    VerificationCurve,
    pairs,
    verification_accuracy,
    verification_curve,
)

__all__ = [
    "ActiveTriplets",
    "FaceDatabase",
    "Faces",
    "IdentityBatches",
    "SiameseSimilarity",
    "TripletLoss",
    "VerificationAccuracy",
    "VerificationCurve",
    "align",
    "encode_face",
    "encode_faces",
    "pairs",
    "pairwise_distances",
    "triplet_loss",
    "verification_accuracy",
    "verification_curve",
]
